import { serviceFor } from "../../../../tools/services/programs.ts";

/** For suites that kill, stop or configure the server, or leave something in it. */
export const mariadbProgram = serviceFor("mariadb", "what is MariaDB's own is");
