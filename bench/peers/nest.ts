import "reflect-metadata";
import {
  Body,
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  HttpCode,
  Injectable,
  Module,
  NotFoundException,
  Param,
  Post,
  Query,
  SerializeOptions,
  StandardSchemaSerializerInterceptor,
  StandardSchemaValidationPipe,
  UnauthorizedException,
  UseGuards,
  UseInterceptors,
} from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { FastifyAdapter, type NestFastifyApplication } from "@nestjs/platform-fastify";
import type { z } from "zod";
import {
  createUser,
  findUser,
  hello,
  listUsers,
  type NewUser,
  type Page,
  type User,
  verifyBearer,
} from "./domain.ts";
import { host, port } from "./harness.ts";
import * as schemas from "./schemas.ts";

/** Nest on Fastify, with the pipe and the interceptor for Standard Schemas, which are faster than those for classes. */

@Injectable()
class SignedIn implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<{
      headers: { authorization?: string };
      claims?: unknown;
    }>();
    const claims = verifyBearer(request.headers.authorization);
    if (!claims) throw new UnauthorizedException();
    request.claims = claims;
    return true;
  }
}

@Controller()
class UsersController {
  @Get("/hello")
  hello(): object {
    return { message: hello };
  }

  @Get("/my-plugin/users")
  list(@Query({ schema: schemas.Query }) query: z.output<typeof schemas.Query>): Page {
    return listUsers(query.page, query.per_page, query.active);
  }

  @Post("/my-plugin/users")
  @HttpCode(201)
  @UseInterceptors(StandardSchemaSerializerInterceptor)
  @SerializeOptions({ schema: schemas.User })
  create(@Body({ schema: schemas.NewUser }) body: NewUser): object {
    return createUser(body);
  }

  @Get("/my-plugin/users/:user_id")
  @UseGuards(SignedIn)
  one(@Param({ schema: schemas.Path }) path: z.output<typeof schemas.Path>): User {
    const user = findUser(path.user_id);
    if (!user) throw new NotFoundException();
    return user;
  }
}

@Module({ controllers: [UsersController] })
class AppModule {}

const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), {
  logger: false,
});
app.useGlobalPipes(new StandardSchemaValidationPipe());
await app.listen(port, host);
