import { redirect, type RequestHandler } from "@sveltejs/kit";

export const POST: RequestHandler = ({ locals: { session } }) => {
  session.end();
  redirect(303, "/me");
};
