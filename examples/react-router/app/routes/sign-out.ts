import { me } from "@holdfast/examples-shared/shop";
import type { ActionFunctionArgs } from "react-router";
import { sessionContext } from "../session.server.ts";

export const action = ({ context }: ActionFunctionArgs) => {
  const session = context.get(sessionContext);
  session.end();
  return Response.json(me(session.state));
};
