// Writes session.json: a governor's life in a real EVM, its storage, and what the contracts themselves answer about it.
// Run as README.md says. Deterministic: a second run writes the same file.
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createBlock } from '@ethereumjs/block'
import { Common, Hardfork, Mainnet } from '@ethereumjs/common'
import { createAccount, createAddressFromString, hexToBytes, bytesToHex } from '@ethereumjs/util'
import { createVM } from '@ethereumjs/vm'
import { decodeFunctionResult, encodeDeployData, encodeFunctionData, keccak256, numberToHex, toHex } from 'viem'

const require = createRequire(import.meta.url)
const BLOCKS = 260
const MOMENT_EVERY = 29
const FIRST_BLOCK = 1000
const STATES = ['pending', 'active', 'canceled', 'defeated', 'succeeded', 'queued', 'expired', 'executed']
const ZERO = `0x${'00'.repeat(32)}`

// ---- deterministic choices
let drawn = 0
const draw = (bound) => Number(BigInt(keccak256(toHex(`oz5-governor ${drawn++}`))) % BigInt(bound))
const pick = (list) => list[draw(list.length)]
async function inOrder(list, work) {
  const results = []
  for (const item of list) results.push(await work(item))
  return results
}
const people = Array.from({ length: 7 }, (_, index) => `0x${(index + 0xa1).toString(16).repeat(20)}`)

// ---- the contracts
function compile() {
  const sources = { 'Contracts.sol': { content: readFileSync(new URL('Contracts.sol', import.meta.url), 'utf8') } }
  const settings = {
    evmVersion: 'prague',
    optimizer: { enabled: true, runs: 200 },
    outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object', 'storageLayout'] } },
  }
  const input = JSON.stringify({ language: 'Solidity', sources, settings })
  const findImport = (path) => ({ contents: readFileSync(require.resolve(path), 'utf8') })
  const { contracts, errors = [] } = JSON.parse(require('solc').compile(input, { import: findImport }))
  const failure = errors.find((error) => error.severity === 'error')
  if (failure) throw new Error(failure.formattedMessage)
  return {
    token: contracts['Contracts.sol'].Token,
    governor: contracts['Contracts.sol'].Dao,
    timelock: contracts['@openzeppelin/contracts/governance/TimelockController.sol'].TimelockController,
  }
}

// ---- the chain: calls with a block's number and time, and every slot that was ever written
const common = new Common({ chain: Mainnet, hardfork: Hardfork.Prague })
const vm = await createVM({ common })
const written = new Map() // address -> Set of slots
vm.evm.events.on('step', ({ opcode, stack, address }, next) => {
  if (opcode.name === 'SSTORE') {
    const key = address.toString()
    if (!written.has(key)) written.set(key, new Set())
    written.get(key).add(numberToHex(stack.at(-1), { size: 32 }))
  }
  next?.()
})
let number = FIRST_BLOCK
const block = () =>
  createBlock({ header: { number, timestamp: 1_700_000_000 + 12 * number, gasLimit: 1_000_000_000n } }, { common })

async function run(caller, to, data, isStatic = false) {
  const { execResult, createdAddress } = await vm.evm.runCall({
    caller: createAddressFromString(caller),
    origin: createAddressFromString(caller),
    to: to && createAddressFromString(to),
    data: hexToBytes(data),
    gasLimit: 500_000_000n,
    block: block(),
    isStatic,
  })
  return {
    failed: execResult.exceptionError?.error,
    data: bytesToHex(execResult.returnValue),
    created: createdAddress?.toString(),
    logs: (execResult.logs ?? []).map(([address, topics, data]) => ({
      address: bytesToHex(address),
      topics: topics.map((topic) => bytesToHex(topic)),
      data: bytesToHex(data),
    })),
  }
}

const artifacts = compile()
const contracts = {}
async function deploy(name, args) {
  const { abi, evm } = artifacts[name]
  const { created, failed } = await run(people[0], undefined, encodeDeployData({ abi, bytecode: `0x${evm.bytecode.object}`, args }))
  if (failed) throw new Error(`${name}: ${failed}`)
  contracts[name] = created
}
/** Sends a call; tells whether it succeeded. Some are meant to fail. */
async function send(from, name, functionName, args) {
  const data = encodeFunctionData({ abi: artifacts[name].abi, functionName, args })
  const { failed, data: result, logs } = await run(from, contracts[name], data)
  return failed ? undefined : { result, calldata: data, logs }
}
async function ask(name, functionName, args = []) {
  const { abi } = artifacts[name]
  const data = encodeFunctionData({ abi, functionName, args })
  const { failed, data: result } = await run(people[0], contracts[name], data, true)
  return failed ? undefined : decodeFunctionResult({ abi, functionName, data: result })
}

for (const person of people) {
  await vm.stateManager.putAccount(createAddressFromString(person), createAccount({ balance: 10n ** 24n }))
}
await deploy('token', [])
await deploy('timelock', [30, [people[0]], [`0x${'00'.repeat(20)}`], people[0]])
await deploy('governor', [contracts.token, contracts.timelock])
for (const role of ['PROPOSER_ROLE', 'CANCELLER_ROLE']) {
  await send(people[0], 'timelock', 'grantRole', [await ask('timelock', role), contracts.governor])
}
for (const person of people) {
  await send(person, 'token', 'mint', [person, BigInt(1 + draw(1000)) * 10n ** 18n])
  await send(person, 'token', 'delegate', [person])
}

// ---- what people do
const proposals = [] // { id, targets, values, calldatas, descriptionHash }
async function propose() {
  const count = proposals.length === 5 ? 70 : pick([1, 1, 1, 2, 3, 5])
  const [targets, values, calldatas] = [[], [], []]
  for (let index = 0; index < count; index++) {
    const kind = draw(4)
    if (kind === 0 && count < 10) {
      targets.push(contracts.governor)
      values.push(0n)
      calldatas.push(encodeFunctionData({
        abi: artifacts.governor.abi, functionName: 'updateQuorumNumerator', args: [BigInt(5 + draw(25))],
      }))
    } else {
      const length = count > 10 ? draw(3) : pick([0, 1, 4, 30, 31, 32, 33, 63, 64, 65, 68, 100, 300])
      targets.push(pick(people))
      values.push(kind === 1 ? 0n : BigInt(draw(3)))
      calldatas.push(`0x${Array.from({ length }, () => draw(256).toString(16).padStart(2, '0')).join('')}`)
    }
  }
  const description = `Proposal ${proposals.length}: ${'é'.repeat(draw(40))}`
  const proposer = pick(people)
  const sent = await send(proposer, 'governor', 'propose', [targets, values, calldatas, description])
  if (!sent) throw new Error('propose failed')
  const proposal = { id: BigInt(sent.result), targets, values, calldatas, descriptionHash: keccak256(toHex(description)) }
  proposals.push(proposal)
  if (proposals.length % 9 === 0) await send(proposer, 'governor', 'cancel', whole(proposal))
}
const ballots = []
async function vote(voter, id, support, reason) {
  const sent = reason === null
    ? await send(voter, 'governor', 'castVote', [id, support])
    : await send(voter, 'governor', 'castVoteWithReason', [id, support, reason])
  if (!sent) return
  const [log] = sent.logs
  ballots.push({ voter, proposal: numberToHex(id, { size: 32 }), support, weight: String(BigInt(sent.result)), reason, calldata: sent.calldata, log })
}
const batch = (proposal) => {
  const salt = BigInt(proposal.descriptionHash) ^ (BigInt(contracts.governor) << 96n)
  return [proposal.targets, proposal.values, proposal.calldatas, ZERO, numberToHex(salt, { size: 32 })]
}
const whole = (proposal) => [proposal.targets, proposal.values, proposal.calldatas, proposal.descriptionHash]

async function act() {
  const proposal = proposals.length > 0 ? proposals[Math.max(0, proposals.length - 1 - draw(6))] : undefined
  const open = proposals[Math.max(0, proposals.length - 1 - draw(2))]
  switch (draw(proposal ? 16 : 4)) {
    case 0: return send(people[0], 'token', 'mint', [pick(people), BigInt(draw(2000)) * 10n ** 17n])
    case 1: return send(pick(people), 'token', 'burn', [BigInt(draw(300)) * 10n ** 17n])
    case 2: return send(pick(people), 'token', 'transfer', [pick(people), BigInt(draw(400)) * 10n ** 17n])
    case 3: return draw(3) === 0 ? send(pick(people), 'token', 'delegate', [pick([...people, `0x${'00'.repeat(20)}`])]) : undefined
    case 4: case 5: case 6: case 7: case 8: case 9: case 10:
      return vote(pick(people), open.id, pick([0, 1, 1, 1, 2]), draw(4) === 0 ? 'because '.repeat(draw(9)) + '✓' : null)
    case 11: case 12: return send(pick(people), 'governor', 'queue', whole(proposal))
    case 13: return send(pick(people), 'governor', 'execute', whole(proposal))
    case 14: return send(pick(people), 'timelock', 'executeBatch', batch(proposal)) // behind the governor's back
    case 15: // the same
      if (draw(3) > 0) return undefined
      return send(people[0], 'timelock', 'cancel', [await ask('timelock', 'hashOperationBatch', batch(proposal))])
  }
}

// ---- what is recorded
const values = new Map()
async function changedStorage() {
  const changed = {}
  for (const [name, address] of Object.entries(contracts)) {
    for (const slot of [...(written.get(address) ?? [])].sort()) {
      const bytes = await vm.stateManager.getStorage(createAddressFromString(address), hexToBytes(slot))
      const value = numberToHex(bytes.length === 0 ? 0n : BigInt(bytesToHex(bytes)))
      const key = `${address} ${slot}`
      if ((values.get(key) ?? '0x0') === value) continue
      values.set(key, value)
      changed[name] ??= {}
      changed[name][slot] = value
    }
  }
  return changed
}

async function answersAbout({ id }) {
  const [against, inFavour, abstain] = await ask('governor', 'proposalVotes', [id])
  const snapshot = await ask('governor', 'proposalSnapshot', [id])
  const voters = []
  for (const person of people) if (await ask('governor', 'hasVoted', [id, person])) voters.push(person)
  return {
    id: numberToHex(id, { size: 32 }),
    state: STATES[await ask('governor', 'state', [id])],
    proposer: (await ask('governor', 'proposalProposer', [id])).toLowerCase(),
    snapshot: Number(snapshot),
    deadline: Number(await ask('governor', 'proposalDeadline', [id])),
    eta: Number(await ask('governor', 'proposalEta', [id])),
    votes: [against, inFavour, abstain].map(String),
    quorum: (await ask('governor', 'quorum', [snapshot]))?.toString() ?? null,
    totalSupply: (await ask('token', 'getPastTotalSupply', [snapshot]))?.toString() ?? null,
    voters,
    powers: snapshot < number
      ? await inOrder(people, async (person) => String(await ask('governor', 'getVotes', [person, snapshot])))
      : null,
  }
}

async function contentOf({ id }) {
  const [targets, values, calldatas, descriptionHash] = await ask('governor', 'proposalDetails', [id])
  const actions = targets.map((target, index) => [target.toLowerCase(), String(values[index]), calldatas[index]])
  return { id: numberToHex(id, { size: 32 }), descriptionHash, actions }
}

async function moment() {
  const lookups = []
  for (let count = 0; count < 24; count++) {
    const [account, timepoint] = [pick(people), FIRST_BLOCK - 2 + draw(number - FIRST_BLOCK + 4)]
    const votes = await ask('token', 'getPastVotes', [account, BigInt(timepoint)])
    lookups.push([account, timepoint, votes?.toString() ?? null])
  }
  const holders = []
  for (const person of people) {
    holders.push([
      (await ask('token', 'delegates', [person])).toLowerCase(),
      String(await ask('token', 'getVotes', [person])),
      String(await ask('token', 'balanceOf', [person])),
    ])
  }
  return {
    number,
    storage: await changedStorage(),
    supply: String(await ask('token', 'totalSupply')),
    proposalCount: Number(await ask('governor', 'proposalCount')),
    proposals: await inOrder(proposals, answersAbout),
    holders,
    lookups,
  }
}

const moments = [await moment()]
for (let index = 1; index <= BLOCKS; index++) {
  number++
  if (index % 7 === 3) await propose()
  const actions = 2 + draw(5)
  for (let count = 0; count < actions; count++) await act()
  if (index % MOMENT_EVERY === 0) moments.push(await moment())
}
moments.push(await moment())

const layout = Object.fromEntries(
  Object.entries(artifacts).map(([name, { storageLayout }]) => [
    name,
    storageLayout.storage.map(({ label, slot, offset }) => `${slot}${offset ? `+${offset}` : ''} ${label}`),
  ]),
)
const contents = await inOrder(proposals, contentOf)
const session = JSON.stringify({ contracts, people, layout, contents, ballots, moments })
writeFileSync(new URL('session.json', import.meta.url), `${session.replaceAll(/,(?=\{"(number|id|voter)")/g, ',\n')}\n`)
const states = {}
for (const { proposals } of moments) for (const { state } of proposals) states[state] = (states[state] ?? 0) + 1
console.log({ proposals: proposals.length, moments: moments.length, states })
