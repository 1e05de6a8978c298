import { me } from "@holdfast/examples-shared/shop";
import { withSession } from "../../lib/with-session.ts";

export const POST = withSession((session) => {
  session.elevate({ acr: "2", reauthenticated: true }); // after a second factor
  return Response.json(me(session.state));
});
