/* A PKCS#11 library that stands before another one: it counts, and goes wrong when it is told to.
 *
 * TURNSTILE names the file of its board (support/tokens.py reads and writes it), TURNSTILE_MODULE
 * the library behind it. The board is shared by every process.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

typedef unsigned long Word;
typedef Word (*Function)();

struct List {
  unsigned char version[2];
  Function of[68];
};
enum { FINALIZE = 1, GET_FUNCTIONS = 3, TOKEN_INFO = 6, OPEN = 12, CLOSE = 13, LOGIN = 18, SIGN = 43 };

struct Board {
  int open, most, limit, refused, overlaps, logins, signatures, good, faults, fault, flags;
};

static struct List ours, *theirs;
static struct Board *board;
static int mine, inside;
static pid_t owner;

/* A forked child has opened nothing yet. */
static void know_process(void) {
  if (owner != getpid()) {
    owner = getpid();
    mine = 0;
    inside = 0;
  }
}

/* PKCS#11 allows no second call beside the first in a library that was started without locks. */
static void enter(void) {
  know_process();
  if (__atomic_fetch_add(&inside, 1, __ATOMIC_SEQ_CST))
    __atomic_add_fetch(&board->overlaps, 1, __ATOMIC_SEQ_CST);
}

static Word leave(Word result) {
  __atomic_sub_fetch(&inside, 1, __ATOMIC_SEQ_CST);
  return result;
}

static Word opened(Word slot, Word flags, void *word, void *notify, Word *session) {
  enter();
  int now = __atomic_add_fetch(&board->open, 1, __ATOMIC_SEQ_CST);
  if (board->limit && now > board->limit) {
    __atomic_sub_fetch(&board->open, 1, __ATOMIC_SEQ_CST);
    __atomic_add_fetch(&board->refused, 1, __ATOMIC_SEQ_CST);
    return leave(0xB1); /* CKR_SESSION_COUNT */
  }
  Word result = theirs->of[OPEN](slot, flags, word, notify, session);
  if (result) {
    __atomic_sub_fetch(&board->open, 1, __ATOMIC_SEQ_CST);
    return leave(result);
  }
  mine++;
  for (int most = board->most; now > most;)
    if (__atomic_compare_exchange_n(&board->most, &most, now, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
      break;
  return leave(0);
}

static Word closed(Word session) {
  enter();
  Word result = theirs->of[CLOSE](session);
  if (!result && mine > 0) {
    mine--;
    __atomic_sub_fetch(&board->open, 1, __ATOMIC_SEQ_CST);
  }
  return leave(result);
}

static Word finalized(void *reserved) {
  enter();
  Word result = theirs->of[FINALIZE](reserved);
  __atomic_sub_fetch(&board->open, mine, __ATOMIC_SEQ_CST);
  mine = 0;
  return leave(result);
}

static Word told(Word slot, unsigned char *info) {
  enter();
  Word result = theirs->of[TOKEN_INFO](slot, info);
  if (!result) *(Word *)(info + 96) |= (Word)board->flags;
  return leave(result);
}

static Word logged_in(Word session, Word user, void *pin, Word length) {
  enter();
  __atomic_add_fetch(&board->logins, 1, __ATOMIC_SEQ_CST);
  return leave(theirs->of[LOGIN](session, user, pin, length));
}

static Word sign(Word session, void *data, Word length, void *signature, Word *size) {
  if (!signature) return theirs->of[SIGN](session, data, length, signature, size);
  enter();
  Word result = 0;
  if (__atomic_fetch_sub(&board->good, 1, __ATOMIC_SEQ_CST) <= 0 &&
      __atomic_fetch_sub(&board->faults, 1, __ATOMIC_SEQ_CST) > 0)
    result = (Word)(unsigned)board->fault;
  Word made = theirs->of[SIGN](session, data, length, signature, size);
  if (!result) result = made;
  if (!result) __atomic_add_fetch(&board->signatures, 1, __ATOMIC_SEQ_CST);
  return leave(result);
}

Word C_GetFunctionList(struct List **list) {
  if (!theirs) {
    int file = open(getenv("TURNSTILE"), O_RDWR);
    void *module = dlopen(getenv("TURNSTILE_MODULE"), RTLD_NOW);
    if (file < 0 || !module) return 5; /* CKR_GENERAL_ERROR */
    board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    Function get = (Function)dlsym(module, "C_GetFunctionList");
    if (board == MAP_FAILED || get(&theirs)) return 5;
    ours = *theirs;
    ours.of[FINALIZE] = finalized;
    ours.of[GET_FUNCTIONS] = (Function)C_GetFunctionList;
    ours.of[TOKEN_INFO] = told;
    ours.of[OPEN] = opened;
    ours.of[CLOSE] = closed;
    ours.of[LOGIN] = logged_in;
    ours.of[SIGN] = sign;
  }
  *list = &ours;
  return 0;
}
