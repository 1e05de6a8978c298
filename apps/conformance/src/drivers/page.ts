/** The page that {@link entries/page.ts} is in: nothing but its script, as the site that {@link Tab} opens. */
export async function answerPage(request: Request, script: string): Promise<Response> {
  if (new URL(request.url).pathname === "/page.js") return new Response(script, { headers: { "content-type": "text/javascript" } });
  const page = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Conformance</title><link rel="icon" href="data:,"><script src="/page.js" type="module"></script>';
  return new Response(page, { headers: { "content-type": "text/html" } });
}
