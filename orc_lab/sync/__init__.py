"""Keep a person's devices in step, so that no value ever written is lost. Optional, and off until it is enabled.

cells        what is exchanged: a written field group, what its writer had seen, and which writes are still current
groups       which fields of which tables are merged together
wire         the JSON of requests and replies: read, checked, written
merge        what becomes of one record when cells of it arrive: a pure function
digest       the sums by which two sides see that they hold the same
shadow       what the server is known to hold of a record
pending      what was written here and isn't sent yet
compose      what to send next; outbox: page by page, without what stays, and sealed
fresh        records of which nothing is known here, many at once
apply        what arrived becomes rows and conflicts; unplaced: what has no place there
reconcile    everything is compared, where the two sides don't hold the same
replica      the database goes on under another name; restored: after a backup was put back
exchange     one sync, from the first request to the last; aside: a request on its way while something else is done
beside       what goes along with it on a device: nothing, by itself
seal         values sealed so that only the person's devices can read them
keys         the account's keys, and the bundle that carries them; passphrase, recovery: what opens it
secrets      where this device keeps its own
remote       the way to the server; trouble: what can stand in it, a class and a sentence each
setup        what a database remembers of how it syncs
device       enable, join, leave, change the keys; adopt: belong to the account's user
scope        what leaves this device; scope_names: what a person calls it
ledger       what left it
lease        one program syncs at a time
syncer       all of it put together
loop         sync by itself
conflicts    what two devices wrote at once, and the decision
farewell     a device is erased: what the account has at the server goes
status       how sync stands; verify: everything compared, value by value
calls        sync from Python
"""
