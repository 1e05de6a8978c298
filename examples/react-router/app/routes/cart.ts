import { addToCart, me, textOf } from "@holdfast/examples-shared/shop";
import type { ActionFunctionArgs } from "react-router";
import { sessionContext } from "../session.server.ts";

export const action = async ({ request, context }: ActionFunctionArgs) => {
  const session = context.get(sessionContext);
  const item = textOf(await request.json(), "item");
  if (item === undefined) return Response.json({ error: "item" }, { status: 400 });
  session.update(addToCart(item));
  return Response.json(me(session.state));
};
