import BelayCLI
import BelaySystem

#if canImport(Glibc)
import Glibc
#endif

Shutdown.install()
exit(await CommandLineProgram.run(Array(CommandLine.arguments.dropFirst())))
