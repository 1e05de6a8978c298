import { SERVER_SUITES } from "../suite/servers.ts";
import { runSuites } from "../suite/case.ts";

/** In workerd. What others gave comes as the body. */
export default {
  async fetch(request: Request): Promise<Response> {
    return Response.json(await runSuites(SERVER_SUITES, "workerd", (await request.json()) as Record<string, string>));
  },
};
