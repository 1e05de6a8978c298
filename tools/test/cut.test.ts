import { expect, it } from "vitest";
import { type Kill, wasCut } from "../cluster/cut.ts";
import type { Reply } from "../cluster/visitor.ts";

const KILLS: readonly Kill[] = [
  { node: "a", from: 1000, to: 1010 },
  { node: "b", from: 5000, to: Number.POSITIVE_INFINITY },
];
const none: Reply = { status: undefined, node: undefined, body: "", began: 990, ended: 1005 };
const html = "<html><body><h1>502 Bad Gateway</h1>";

it.each<readonly [string, Partial<Reply>, string | undefined]>([
  ["no answer, of a client that was on the node", {}, "a"],
  ["no answer, of a client that was on none yet", {}, undefined],
  ["the balancer's 502, of a client that was on the node", { status: 502, body: html }, "a"],
  ["the balancer's 503, sent to the node", { status: 503, sentTo: "a" }, "a"],
  ["what the balancer sent to the node although its client was on another one", { status: 502, sentTo: "a" }, "c"],
  ["an answer of the node that broke off", { node: "a" }, undefined],
  ["what began before the kill and ended after it", { began: 10, ended: 9000 }, "a"],
  ["what began when the node was just dying", { began: 1010, ended: 1011 }, "a"],
  ["what a node did not answer that is not dead yet", { began: 6000, ended: 6001 }, "b"],
])("cut with its node: %s", (_, reply, on) => {
  expect(wasCut({ ...none, ...reply }, on, KILLS)).toBe(true);
});

it.each<readonly [string, Partial<Reply>, string | undefined]>([
  ["no answer, of a client that was on a node that lives", {}, "c"],
  ["no answer, of a client whose node was killed later", {}, "b"],
  ["the balancer's 502, of a client that was on a node that lives", { status: 502, body: html }, "c"],
  ["the balancer's 502, sent to a node that lives, of a client that was on the dead one", { status: 502, sentTo: "c" }, "a"],
  ["the balancer's 503, which knew no node to send it to", { status: 503, sentTo: "<NOSRV>" }, "a"],
  ["an answer of a node that lives, which broke off", { node: "c" }, "a"],
  ["the application's own 502", { status: 502, node: "a", sentTo: "a" }, "a"],
  ["the application's own 503", { status: 503, node: "a" }, "a"],
  ["500", { status: 500, sentTo: "a" }, "a"],
  ["504", { status: 504, sentTo: "a" }, "a"],
  ["404", { status: 404 }, "a"],
  ["an answer that the visitor did not wait for", { timedOut: true, ended: 16_000 }, "a"],
  ["what ended before the kill", { ended: 999 }, "a"],
  ["what began after the death", { began: 1011, ended: 1012 }, "a"],
])("an error, whatever is killed beside it: %s", (_, reply, on) => {
  expect(wasCut({ ...none, ...reply }, on, KILLS)).toBe(false);
});
