import { me } from "@holdfast/examples-shared/shop";
import { json, type RequestHandler } from "@sveltejs/kit";

export const POST: RequestHandler = ({ locals: { session } }) => {
  session.end();
  return json(me(session.state));
};
