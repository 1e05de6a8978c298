import { me, textOf } from "@holdfast/examples-shared/shop";
import { error, json, type RequestHandler } from "@sveltejs/kit";

export const POST: RequestHandler = async ({ request, locals: { session } }) => {
  const user = textOf(await request.json(), "user"); // and a password, checked here
  if (user === undefined) error(400, "user");
  session.start(user, {}, { carry: ["cart"] });
  return json(me(session.state));
};
