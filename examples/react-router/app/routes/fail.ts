import { addToCart } from "@holdfast/examples-shared/shop";
import type { ActionFunctionArgs } from "react-router";
import { sessionContext } from "../session.server.ts";

export const action = ({ context }: ActionFunctionArgs) => {
  context.get(sessionContext).update(addToCart("never kept"));
  throw new Error("Something broke after the change.");
};
