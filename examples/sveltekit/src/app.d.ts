import type { RequestSession } from "@holdfast/session-core";
import type { Shop } from "@holdfast/examples-shared/shop";

declare global {
  namespace App {
    interface Locals {
      session: RequestSession<Shop>;
    }
  }
}
