import { addToCart } from "@holdfast/examples-shared/shop";
import type { RequestHandler } from "@sveltejs/kit";

export const POST: RequestHandler = ({ locals: { session } }) => {
  session.update(addToCart("never kept"));
  throw new Error("Something broke after the change.");
};
