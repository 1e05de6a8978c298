import { serviceFor } from "../../../../tools/services/programs.ts";

/** For suites that kill, stop or configure the server, or leave something in it. */
export const postgresProgram = serviceFor("postgres", "what is PostgreSQL's own is");
