import { HoldfastError } from "@holdfast/session-core/store";

export interface DynamodbTableOptions {
  /** Default `holdfast_sessions`; the ARN of a table of another account, too. */
  readonly table?: string;
}

/** The name of a table, or its ARN. */
const NAME = /^(?:arn:[^\s/]+\/)?[\w.-]{3,255}$/;

export function tableName({ table = "holdfast_sessions" }: DynamodbTableOptions): string {
  if (!NAME.test(table)) throw new HoldfastError("config", "table: must be 3 to 255 letters, digits, underscores, dots and hyphens, or the ARN of a table.", { option: "table" });
  return table;
}
