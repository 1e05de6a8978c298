export { createTestServer, type TestServer, type TestServerOptions } from "./lib/test-server.ts";
