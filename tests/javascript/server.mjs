// `node server.mjs SECRET`: answers callbacks with the documented receiver; prints its port first.
import { createServer } from "node:http";
import { receive } from "./receive.mjs";

const secret = process.argv[2];
const server = createServer((request, response) => {
  const pieces = [];
  request.on("data", (piece) => pieces.push(piece));
  request.on("end", () => {
    const body = Buffer.concat(pieces).toString("utf8");
    const [status, answer] = receive(secret, request.headers, body);
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end(JSON.stringify(answer));
  });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
