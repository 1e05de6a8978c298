import { me } from "@holdfast/examples-shared/shop";
import type { LoaderFunctionArgs } from "react-router";
import { sessionContext } from "../session.server.ts";

export const loader = ({ context }: LoaderFunctionArgs) => Response.json(me(context.get(sessionContext).state));
