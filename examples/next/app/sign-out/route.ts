import { withSession } from "../../lib/with-session.ts";

export const POST = withSession((session) => {
  session.end();
  return new Response(null, { status: 303, headers: { location: "/me" } });
});
