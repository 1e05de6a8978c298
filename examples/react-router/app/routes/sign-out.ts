import { type ActionFunctionArgs, redirect } from "react-router";
import { sessionContext } from "../session.server.ts";

export const action = ({ context }: ActionFunctionArgs) => {
  context.get(sessionContext).end();
  throw redirect("/me", 303);
};
