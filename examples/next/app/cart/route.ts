import { addToCart, me, textOf } from "@holdfast/examples-shared/shop";
import { withSession } from "../../lib/with-session.ts";

export const POST = withSession(async (session, request) => {
  const item = textOf(await request.json(), "item");
  if (item === undefined) return Response.json({ error: "item" }, { status: 400 });
  session.update(addToCart(item));
  return Response.json(me(session.state));
});
