import type { DynamodbCall, DynamodbClient } from "@holdfast/store-dynamodb";

const METHODS: readonly (keyof DynamodbClient)[] = ["getItem", "putItem", "updateItem", "deleteItem", "query", "transactWriteItems"];

type Send = (input: object) => Promise<object>;

/** The client with somebody in between, who gets each call and how to send it on. */
export function between(client: DynamodbClient, step: (name: keyof DynamodbClient, input: object, send: Send) => Promise<object>): DynamodbClient {
  const methods = METHODS.map((name) => {
    const method = client[name].bind(client) as (input: object, call: DynamodbCall) => Promise<object>;
    return [name, (input: object, call: DynamodbCall) => step(name, input, (changed) => method(changed, call))] as const;
  });
  return Object.fromEntries(methods) as unknown as DynamodbClient;
}
