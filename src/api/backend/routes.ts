// Every route of the backend API, in the order of its document.
import type { Route } from "./backend.ts"
import { broadcast } from "./broadcast.ts"
import { channelHistory } from "./channel-history.ts"
import { listChannels } from "./channels.ts"
import { closeConnection, getConnection, pushToConnection } from "./connection.ts"
import { listConnections } from "./connections.ts"
import { listHooks } from "./hooks.ts"
import { listNodes } from "./nodes.ts"
import { openApi } from "./openapi.ts"
import { channelPresence } from "./presence.ts"
import { publishMany } from "./publish-many.ts"
import { pushToUser } from "./push-to-user.ts"
import { reloadConfig } from "./reload-config.ts"
import { pushAsTencent } from "./hooks-tencent.ts"
import { revoke } from "./revoke.ts"
import { disconnectUser, getUser } from "./user.ts"
import { listUsers } from "./users.ts"

const operations: readonly Route[] = [
  publishMany,
  broadcast,
  pushToUser,
  listConnections,
  getConnection,
  pushToConnection,
  closeConnection,
  pushAsTencent,
  listHooks,
  listChannels,
  channelHistory,
  channelPresence,
  listUsers,
  getUser,
  disconnectUser,
  listNodes,
  revoke,
  reloadConfig,
]

export const routes: readonly Route[] = [...operations, openApi(operations)]
