import { index, route, type RouteConfig } from "@react-router/dev/routes";

const api = ["me", "sign-in", "cart", "step-up", "sign-out", "fail"];

export default [index("routes/home.tsx"), ...api.map((name) => route(name, `routes/${name}.ts`))] satisfies RouteConfig;
