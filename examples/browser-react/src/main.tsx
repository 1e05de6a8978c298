import { client } from "@holdfast/examples-shared/client";
import { StrictMode } from "react";
import { hydrateRoot } from "react-dom/client";
import { App } from "./App.tsx";

const place = document.querySelector("#app");
if (place) {
  hydrateRoot(
    place,
    <StrictMode>
      <App client={client} />
    </StrictMode>,
  );
}
