import { addToCart, me, textOf } from "@holdfast/examples-shared/shop";
import { error, json, type RequestHandler } from "@sveltejs/kit";

export const POST: RequestHandler = async ({ request, locals: { session } }) => {
  const item = textOf(await request.json(), "item");
  if (item === undefined) error(400, "item");
  session.update(addToCart(item));
  return json(me(session.state));
};
