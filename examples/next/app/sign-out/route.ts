import { me } from "@holdfast/examples-shared/shop";
import { withSession } from "../../lib/with-session.ts";

export const POST = withSession((session) => {
  session.end();
  return Response.json(me(session.state));
});
