import { me, textOf } from "@holdfast/examples-shared/shop";
import { withSession } from "../../lib/with-session.ts";

export const POST = withSession(async (session, request) => {
  const user = textOf(await request.json(), "user"); // and a password, checked here
  if (user === undefined) return Response.json({ error: "user" }, { status: 400 });
  session.start(user, {}, { carry: ["cart"] });
  return Response.json(me(session.state));
});
