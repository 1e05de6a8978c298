import { me } from "@holdfast/examples-shared/shop";
import type { ServerLoad } from "@sveltejs/kit";

export const load: ServerLoad = ({ locals }) => me(locals.session.state);
