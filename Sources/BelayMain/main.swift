import BelayCLI
import BelaySystem

#if canImport(Glibc)
import Glibc
#endif

ProcessResources.fillStandardStreams()
Shutdown.install()
exit(await CommandLineProgram.run(Array(CommandLine.arguments.dropFirst())))
