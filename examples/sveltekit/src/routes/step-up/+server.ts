import { me } from "@holdfast/examples-shared/shop";
import { json, type RequestHandler } from "@sveltejs/kit";

export const POST: RequestHandler = ({ locals: { session } }) => {
  session.elevate({ acr: "2", reauthenticated: true }); // after a second factor
  return json(me(session.state));
};
