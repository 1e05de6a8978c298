/** Says to caches that the answer depends on the cookie. A redirect, or a response that was fetched, has headers that cannot be changed. */
export function varyByCookie(response: Response): Response {
  const varied = new Response(response.body, response);
  varied.headers.append("vary", "Cookie");
  return varied;
}
