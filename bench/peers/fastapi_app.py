"""FastAPI as its tutorial writes it, on uvicorn with uvloop and httptools."""

import base64
import hmac
import json
import time
from datetime import datetime
from typing import List, Optional

from fastapi import Depends, FastAPI, HTTPException, Path, Query
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, Field

SECRET = b"a secret of the benchmark, 32 bytes or more"

USERS = [
    {
        "user_id": number,
        "username": f"user_{number}",
        "email": f"user{number}@example.com",
        "full_name": f"User Number {number}" if (number - 1) % 3 else None,
        "active": (number - 1) % 4 != 0,
        "tags": ["alpha", "beta"],
        "created_at": "2025-01-01T00:00:00.000Z",
        "updated_at": "2025-06-01T00:00:00.000Z",
    }
    for number in range(1, 1001)
]
ACTIVES = [user for user in USERS if user["active"]]
INACTIVES = [user for user in USERS if not user["active"]]

app = FastAPI()
bearer = HTTPBearer(auto_error=False)
last_id = len(USERS)


class NewUser(BaseModel):
    username: str = Field(min_length=3, max_length=50, regex="^[a-zA-Z0-9_]+$")
    email: str = Field(regex=r"^[^\s@]+@[^\s@]+\.[^\s@]+$")
    password: str = Field(min_length=8)
    full_name: Optional[str] = None
    tags: List[str] = []


class User(BaseModel):
    user_id: int
    username: str
    email: str
    full_name: Optional[str]
    active: bool
    tags: List[str]
    created_at: str
    updated_at: str


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


async def signed_in(
    credentials: Optional[HTTPAuthorizationCredentials] = Depends(bearer),
) -> dict:
    if credentials is None:
        raise HTTPException(401)
    header, payload, signature = credentials.credentials.split(".")
    right = hmac.digest(SECRET, f"{header}.{payload}".encode(), "sha256")
    try:
        is_right = hmac.compare_digest(right, decode(signature))
    except ValueError:
        is_right = False
    if not is_right or json.loads(decode(header))["alg"] != "HS256":
        raise HTTPException(401)
    claims = json.loads(decode(payload))
    is_ours = claims["iss"] == "bench" and claims["aud"] == "bench"
    if not is_ours or claims["exp"] < time.time():
        raise HTTPException(401)
    return claims


@app.get("/hello")
async def hello():
    return {"message": "Hello from my plugin!"}


@app.get("/my-plugin/users")
async def list_users(
    page: int = Query(1, ge=1),
    per_page: int = Query(20, ge=1, le=100),
    active: Optional[bool] = None,
):
    users = USERS if active is None else ACTIVES if active else INACTIVES
    start = (page - 1) * per_page
    return {
        "items": users[start : start + per_page],
        "pagination": {
            "page": page,
            "per_page": per_page,
            "total": len(users),
            "pages": -(-len(users) // per_page),
        },
    }


@app.post("/my-plugin/users", response_model=User, status_code=201)
async def create_user(given: NewUser):
    global last_id
    last_id += 1
    now = datetime.utcnow().isoformat() + "Z"
    return {
        "user_id": last_id,
        "username": given.username,
        "email": given.email,
        "full_name": given.full_name,
        "active": True,
        "tags": given.tags,
        "created_at": now,
        "updated_at": now,
        "password_hash": "h$" + given.password,
        "internal_note": "never leaves",
    }


@app.get("/my-plugin/users/{user_id}")
async def get_user(
    user_id: int = Path(ge=1), claims: dict = Depends(signed_in)
):
    if user_id > len(USERS):
        raise HTTPException(404)
    return USERS[user_id - 1]
