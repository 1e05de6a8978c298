import { createClient } from "@holdfast/examples-shared/client";
import type { Shop } from "@holdfast/examples-shared/shop";
import type { SessionView } from "@holdfast/session-protocol";
import { StrictMode } from "react";
import { renderToString } from "react-dom/server";
import { App } from "./App.tsx";

/** On the server: the page of this view, which the browser takes over as it is. */
export const render = (view: SessionView<Shop>): string =>
  renderToString(
    <StrictMode>
      <App client={createClient(view)} />
    </StrictMode>,
  );
