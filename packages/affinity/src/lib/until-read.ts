/** The same response; `end` is called when its body was read to the end, given up or failed, or at once where there is none. */
export function untilRead(response: Response, end: () => void): Response {
  const { body, status } = response;
  // A switched protocol (WebSocket) is a connection, not a request under way.
  if (body === null || status < 200) {
    end();
    return response;
  }
  const reader = body.getReader();
  const counted = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value);
        end();
        controller.close();
      } catch (error) {
        end();
        controller.error(error);
      }
    },
    cancel(reason) {
      end();
      return reader.cancel(reason);
    },
  });
  return new Response(counted, response);
}
