import { me } from "@holdfast/examples-shared/shop";
import { type LoaderFunctionArgs, useLoaderData } from "react-router";
import { sessionContext } from "../session.server.ts";

export const loader = ({ context }: LoaderFunctionArgs) => me(context.get(sessionContext).state);

export default function Home() {
  const { kind, subject, cart } = useLoaderData<typeof loader>();
  return (
    <main>
      <h1>{kind === "active" ? `Signed in as ${subject}` : "Not signed in"}</h1>
      <p>In the cart: {cart.length === 0 ? "nothing" : cart.join(", ")}</p>
    </main>
  );
}
