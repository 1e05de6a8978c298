import { me } from "@holdfast/examples-shared/shop";
import { withSession } from "../../lib/with-session.ts";

export const GET = withSession((session) => Response.json(me(session.state)));
