/** @jsxImportSource solid-js */
import { render } from "solid-js/web";
import { App } from "./App.tsx";

const place = document.querySelector("#app");
if (place) render(() => <App />, place);
