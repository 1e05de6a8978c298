import { tryRows } from "../support/rows.ts";
import type { Row } from "../support/verdict.ts";

const byAddress = { options: { key: "ip" }, key: "address", findings: ["by_address", "fails_back"] } as const;
const byHeader = { options: { key: { header: "X-Session-ID" } }, key: "header", findings: ["not_sticky", "fails_back"] } as const;

const ROWS: Readonly<Record<string, readonly Row[]>> = {
  // Its hashes are uneven where addresses of nodes differ in their last digit alone: one node has half as much again as its share, which the number of clients that is the default shows.
  // Worked out by FNV-1a for all ports that neighbouringPorts may give: chi-square is 17.4 at least, and `not_back` is never said.
  caddy: [
    { name: "generated, by cookie", key: "cookie", findings: [], spreadBy: "chance" },
    { ...byAddress, name: "generated, by address (`ip_hash`)", probe: { clients: 90 }, findings: [...byAddress.findings, "uneven"] },
    { ...byHeader, name: "generated, by header", probe: { clients: 90 }, findings: [...byHeader.findings, "uneven"] },
  ],
  newCaddy: [
    { name: "generated, by cookie", key: "cookie", findings: [] },
    { ...byAddress, name: "generated, by address (`ip_hash`)", spreadBy: "a hash of ports" },
    { ...byHeader, name: "generated, by header", spreadBy: "a hash of ports" },
  ],
};

tryRows("caddy", ROWS);
