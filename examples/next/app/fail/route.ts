import { addToCart } from "@holdfast/examples-shared/shop";
import { withSession } from "../../lib/with-session.ts";

export const POST = withSession((session) => {
  session.update(addToCart("never kept"));
  throw new Error("Something broke after the change.");
});
