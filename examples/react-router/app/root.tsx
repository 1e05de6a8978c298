import { Outlet, Scripts } from "react-router";
import { sessionMiddleware } from "./session.server.ts";

export const middleware = [sessionMiddleware];

export default function Root() {
  return (
    <html lang="en">
      <head>
        <title>Holdfast in React Router</title>
      </head>
      <body>
        <Outlet />
        <Scripts />
      </body>
    </html>
  );
}
