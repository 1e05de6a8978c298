import { me, textOf } from "@holdfast/examples-shared/shop";
import type { ActionFunctionArgs } from "react-router";
import { sessionContext } from "../session.server.ts";

export const action = async ({ request, context }: ActionFunctionArgs) => {
  const session = context.get(sessionContext);
  const user = textOf(await request.json(), "user"); // and a password, checked here
  if (user === undefined) return Response.json({ error: "user" }, { status: 400 });
  session.start(user, {}, { carry: ["cart"] });
  return Response.json(me(session.state));
};
