import { me } from "@holdfast/examples-shared/shop";
import { json, type RequestHandler } from "@sveltejs/kit";

export const GET: RequestHandler = ({ locals }) => json(me(locals.session.state));
