#include <sqlite3.h>

// sqlite3_db_config takes a variable number of arguments, which Swift cannot pass.
//
// Leaves the write-ahead log as it is when the connection closes.
static inline int belay_sqlite_leave_log(sqlite3 *database) {
    int persists = 1;
    sqlite3_file_control(database, "main", SQLITE_FCNTL_PERSIST_WAL, &persists);
    return sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)0);
}
