/** The body of an event of either format: absent, text, or bytes in base64. */
export function bodyOf({ body, isBase64Encoded }: { readonly body?: string | null; readonly isBase64Encoded: boolean }): BodyInit | null {
  if (body === undefined || body === null || body === "") return null;
  return isBase64Encoded ? Buffer.from(body, "base64") : body;
}

/** The shop answers in text only; bytes would go out as base64. */
export async function textBody(response: Response): Promise<{ body: string; isBase64Encoded: boolean }> {
  return { body: await response.text(), isBase64Encoded: false };
}
