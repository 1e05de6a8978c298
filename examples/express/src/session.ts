import { isCacheable, type RequestSession, type Sessions } from "@holdfast/session-core";
import { isForeignWrite } from "@holdfast/examples-shared/csrf";
import { fetchHeaders } from "@holdfast/examples-shared/node-headers";
import { problemOf } from "@holdfast/examples-shared/problem";
import type { Shop } from "@holdfast/examples-shared/shop";
import type { ErrorRequestHandler, RequestHandler } from "express";
import { beforeFirstByte } from "./before-first-byte.ts";

declare global {
  namespace Express {
    interface Request {
      session: RequestSession<Shop>;
    }
  }
}

/** Opens the session of each request and commits it before the first byte of the response. */
export function session(sessions: Sessions<Shop>): RequestHandler {
  return async function session(req, res, next) {
    const current = (req.session = await sessions.open(fetchHeaders(req.headers)));
    beforeFirstByte(
      res,
      async () => {
        const control = new Headers({ "cache-control": String(res.getHeader("cache-control") ?? "") });
        const { cookies, headers } = await current.commit({ cacheable: isCacheable(control) });
        for (const [name, value] of headers) res.setHeader(name, value);
        for (const { header } of cookies) res.appendHeader("Set-Cookie", header); // one field each, never joined
      },
      next,
    );
    res.vary("Cookie");
    next();
  };
}

/** Behind the routes: what a handler that failed had in mind is not written, a sign-out excepted. */
export const discardOnError: ErrorRequestHandler = (error, req, _res, next) => {
  req.session?.discard();
  next(error);
};

export const answerFaults: ErrorRequestHandler = (error, _req, res, next) => {
  const problem = problemOf(error);
  if (problem && !res.headersSent) res.status(problem.status).json({ error: problem.code });
  else next(error);
};

/** In front of everything: writes that another site caused go no further. */
export const refuseForeignWrites: RequestHandler = (req, res, next) => {
  if (isForeignWrite(req.method, fetchHeaders(req.headers))) res.status(403).json({ error: "csrf" });
  else next();
};
